/** That of package.json: what spans say made them. */
export const VERSION = '0.1.0';
