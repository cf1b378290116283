# syntax=docker/dockerfile:1
# The gateway with its production files only. tests/infra runs the build stage's commands in an empty folder.

ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
ENV PNPM=pnpm@12.21.0
WORKDIR /build/workspace
COPY . .
# Installed is what the gateway is built from and with; not the examples, the benchmark and the tests of the packed packages.
# One step, so that the deployment finds in the store what the installation put there. It may still ask the registry about a package:
# an installation from the lockfile leaves no metadata behind.
RUN --mount=type=cache,target=/root/.local/share/pnpm \
  npx -y "$PNPM" install --frozen-lockfile --filter gateway-strategy --filter gateway-cli... && \
  npx -y "$PNPM" --config.verify-deps-before-run=false run build && \
  npx -y "$PNPM" --filter gateway-cli deploy --prod --prefer-offline ../deployed

FROM ${NODE_IMAGE}
ENV NODE_ENV=production GW_PORT=8080
WORKDIR /app
COPY --from=build /build/deployed ./
# Files stay root's: the program cannot change itself.
USER node
EXPOSE 8080
# Drains on this signal; give it longer than --close-timeout-ms before it is killed.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.GW_PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/esm/bin.js"]
CMD ["serve"]
