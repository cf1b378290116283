import { packageConfig } from '../../tsup.base.js';

// `jose` has ES modules alone, and what is split into CommonJS has `require` where the sources have `import()`: Node took that only
// from 20.19 on.
export default packageConfig({ index: 'src/index.ts' }, { platform: 'node', splitting: false });
