/** The flag that takes no value. */
export const PROBES = {
  flag: '--probes',
  variable: 'GW_PROBES',
  meaning: 'answer GET /livez and /readyz too, for who restarts, and for who sends clients',
} as const;
