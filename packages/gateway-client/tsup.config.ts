import { packageConfig } from '../../tsup.base.js';

export default packageConfig(
  { index: 'src/index.ts', 'react/index': 'src/react/index.ts', 'react-native/index': 'src/react-native/index.ts' },
  { platform: 'neutral' },
);
