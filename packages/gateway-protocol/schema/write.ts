// `pnpm schema`: writes what is generated from this folder beside the package's manifest.
import { writeFileSync } from 'node:fs';
import { schemaFiles } from './documents.js';

for (const [name, text] of Object.entries(schemaFiles())) {
  writeFileSync(new URL(`../${name}`, import.meta.url), text);
  console.log(`packages/gateway-protocol/${name}: ${text.length} characters`);
}
