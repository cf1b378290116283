import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Release {
  manifest: { name: string; version: string };
  tarball: Buffer;
}

/** A registry on the loopback that has the packages of this repository, and passes every other question on. */
export class Registry {
  readonly #releases: Release[] = [];
  readonly #upstream: string;
  readonly #server = createServer((request, response) => {
    void this.#answer(request.url as string, request.headers.accept ?? '*/*')
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body))
      .catch((error: Error) => response.writeHead(502).end(error.message));
  });
  #address = '';

  /** @param upstream the registry that has everything else. */
  constructor(upstream: string) {
    this.#upstream = upstream.replace(/\/$/, '');
  }

  /** @param addressOf what the port is called by those who ask. @returns the registry's address. */
  async listen(addressOf: (port: number) => string): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    this.#address = addressOf((this.#server.address() as AddressInfo).port);
    return this.#address;
  }

  /** A tarball as `pnpm pack` makes it. The last one of a name is `latest`. */
  publish(file: string): void {
    const manifest = JSON.parse(execFileSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' }));
    this.#releases.push({ manifest, tarball: readFileSync(file) });
  }

  /** The newest release of a package once more, as another version. */
  republish(name: string, version: string): void {
    const { manifest, tarball } = this.#releases.findLast((release) => release.manifest.name === name) as Release;
    const folder = mkdtempSync(join(tmpdir(), 'gateway-release-'));
    execFileSync('tar', ['-xz', '-C', folder], { input: tarball });
    writeFileSync(join(folder, 'package/package.json'), JSON.stringify({ ...manifest, version }));
    this.#releases.push({ manifest: { ...manifest, version }, tarball: execFileSync('tar', ['-cz', '-C', folder, 'package']) });
    rmSync(folder, { recursive: true });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(url: string, accept: string): Promise<{ status: number; type: string; body: string | Buffer }> {
    const [, name, , file] = /^\/([\w-]+)(\/-\/(.+))?$/.exec(url) ?? [];
    const own = this.#releases.filter(({ manifest }) => manifest.name === name);
    if (own.length > 0) {
      const asked = own.find((release) => fileOf(release) === file);
      if (asked !== undefined) return { status: 200, type: 'application/octet-stream', body: asked.tarball };
      return { status: file === undefined ? 200 : 404, type: 'application/json', body: JSON.stringify(this.#document(own)) };
    }
    const response = await fetch(this.#upstream + url, { headers: { accept } });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, type: response.headers.get('content-type') ?? '', body };
  }

  #document(releases: readonly Release[]): object {
    const versions = releases.map((release): [string, object] => {
      const { manifest, tarball } = release;
      const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
      return [
        manifest.version,
        { ...manifest, dist: { tarball: `${this.#address}/${manifest.name}/-/${fileOf(release)}`, integrity } },
      ];
    });
    return {
      name: releases[0]?.manifest.name,
      'dist-tags': { latest: versions.at(-1)?.[0] },
      versions: Object.fromEntries(versions),
    };
  }
}

const fileOf = ({ manifest: { name, version } }: Release) => `${name}-${version}.tgz`;
