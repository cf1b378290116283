import { packageConfig } from '../../tsup.base.js';

export default packageConfig(
  { index: 'src/index.ts', 'bench/index': 'src/bench/index.ts', bin: 'src/bin.ts' },
  { platform: 'node', esmOnly: ['bin'] },
);
