import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Puts the bundled script and the style into the page, and leaves one file. Run by the build. */
export function inlinePage(sources: string, output: string): void {
  const bundle = join(output, 'main.js');
  const script = readFileSync(bundle, 'utf8').trim();
  const style = minified(readFileSync(join(sources, 'style.css'), 'utf8'));
  const html = readFileSync(join(sources, 'index.html'), 'utf8')
    .replace(/\n\s*/g, '\n')
    // By functions: in a text `$&` would stand for what is replaced.
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('></script>', () => `>${script}</script>`);
  // Browsers take it as it is, so it is compressed once and for all.
  writeFileSync(join(output, 'index.html.gz'), gzipSync(html, { level: 9 }));
  rmSync(bundle);
}

/** As far as it goes without understanding it: no comments, no line breaks, no blanks around braces. */
function minified(css: string): string {
  return css
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s+/g, ' ')
    .replace(/\s*([{};,])\s*/g, '$1')
    .replace(/: /g, ':')
    .replace(/;}/g, '}')
    .trim();
}
