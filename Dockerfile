# The gateway with its production files only; `--target bun` is the same on Bun (docs/runtimes.md). tests/infra runs the commands of these
# stages in empty folders, tests/stack builds both.

ARG NODE_IMAGE=node:22-bookworm-slim
ARG BUN_IMAGE=oven/bun:1.4.5-slim

# All that the registry is asked for follows from these files, so that only a change of one of them has it asked again.
FROM ${NODE_IMAGE} AS manifests
ENV PNPM=pnpm@12.21.0 STORE=/store
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY packages/gateway-protocol/package.json packages/gateway-protocol/
COPY packages/gateway-client/package.json packages/gateway-client/
COPY packages/gateway-core/package.json packages/gateway-core/
COPY packages/gateway-sim/package.json packages/gateway-sim/
COPY packages/gateway-redis/package.json packages/gateway-redis/
COPY packages/gateway-jwt/package.json packages/gateway-jwt/
COPY packages/gateway-otel/package.json packages/gateway-otel/
COPY packages/gateway-cli/package.json packages/gateway-cli/

# What the gateway runs with, and what that is: /app/sbom.cdx.json, a bill of materials in the form of CycloneDX. The store lies in the cache
# mount; it is kept for when a manifest does change.
FROM manifests AS production
RUN --mount=type=cache,target=/store,sharing=locked --mount=type=cache,target=/root/.npm,sharing=locked \
  npx -y "$PNPM" install --frozen-lockfile --prod --store-dir "$STORE" --filter gateway-cli... && \
  npx -y "$PNPM" sbom --sbom-format cyclonedx --sbom-type application --prod --store-dir "$STORE" --filter gateway-cli --out sbom.cdx.json

# What it is built with; not the examples, the benchmark and the tests of the packed packages.
FROM manifests AS build
RUN --mount=type=cache,target=/store,sharing=locked --mount=type=cache,target=/root/.npm,sharing=locked \
  npx -y "$PNPM" install --frozen-lockfile --store-dir "$STORE" --filter gateway-strategy --filter gateway-client... --filter gateway-sim... --filter gateway-otel... --filter gateway-cli...
COPY tsconfig.base.json tsup.base.ts ./
COPY scripts/build.mjs scripts/
COPY packages packages
RUN node scripts/build.mjs

# What was built.
FROM scratch AS dist
COPY --from=build /app/packages/gateway-protocol/dist packages/gateway-protocol/dist
COPY --from=build /app/packages/gateway-core/dist packages/gateway-core/dist
COPY --from=build /app/packages/gateway-redis/dist packages/gateway-redis/dist
COPY --from=build /app/packages/gateway-jwt/dist packages/gateway-jwt/dist
COPY --from=build /app/packages/gateway-cli/dist packages/gateway-cli/dist

FROM ${BUN_IMAGE} AS bun
ENV NODE_ENV=production GW_PORT=8080
WORKDIR /app
COPY --from=production /app ./
COPY --from=dist / ./
USER bun
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=10s --start-period=10s --retries=3 \
  CMD ["bun", "/app/packages/gateway-cli/dist/esm/bin.js", "health"]
ENTRYPOINT ["bun", "/app/packages/gateway-cli/dist/esm/bin.js"]
CMD ["serve"]

FROM ${NODE_IMAGE}
ENV NODE_ENV=production GW_PORT=8080
WORKDIR /app
COPY --from=production /app ./
COPY --from=dist / ./
# Files stay root's: the program cannot change itself.
USER node
EXPOSE 8080
# Drains on this signal; give it longer than --close-timeout-ms before it is killed.
STOPSIGNAL SIGTERM
# Finds out by itself where the gateway listens, and takes at most 3 s and the start of Node.
HEALTHCHECK --interval=5s --timeout=10s --start-period=10s --retries=3 \
  CMD ["node", "/app/packages/gateway-cli/dist/esm/bin.js", "health"]
ENTRYPOINT ["node", "/app/packages/gateway-cli/dist/esm/bin.js"]
CMD ["serve"]
