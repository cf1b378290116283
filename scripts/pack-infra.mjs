// Before gateway-cli is packed: puts the files of infra/ that a server of one's own takes (docs/vps.md) beside what is packed, so that they are of the same version.
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILES = ['alertmanager', 'grafana', 'nftables', 'nginx/vps.conf', 'nginx/vps-tls.conf', 'prometheus', 'systemd'];
const from = fileURLToPath(new URL('../infra/', import.meta.url));
const to = fileURLToPath(new URL('../packages/gateway-cli/infra/', import.meta.url));

rmSync(to, { recursive: true, force: true });
for (const file of FILES) cpSync(from + file, to + file, { recursive: true });
