/**
 * Whether a variable holds what Kubernetes sets for each Service in every pod of its namespace, and Docker for each `--link`:
 * a Service named `gw` sets `GW_PORT=tcp://10.43.12.7:4100`. Of what it sets, only `…_PORT` can be the name of a setting.
 */
export function isServiceLink(variable: string, text: string): boolean {
  return variable.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\/\S+:\d+$/i.test(text);
}

/** `GW_PORT` → `gw`, the Service that sets it. */
export function serviceOf(variable: string): string {
  return variable.slice(0, -'_PORT'.length).toLowerCase().replaceAll('_', '-');
}
