# syntax=docker/dockerfile:1

# Debian has glibc. The runtime supports glibc and musl, but only glibc was tested here.
FROM node:24-bookworm-slim AS base
ENV NODE_ENV=production \
    NPM_CONFIG_FUND=false \
    NPM_CONFIG_AUDIT=false \
    NPM_CONFIG_UPDATE_NOTIFIER=false
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --include=dev --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM base
COPY --from=dependencies /app/node_modules ./node_modules
# The runtime by its usual name, to log in with. Any user id may write into the two folders, so that
# the one that owns a mounted login can be given.
RUN ln -s /app/node_modules/@anthropic-ai/claude-agent-sdk-linux-*/claude /usr/local/bin/claude \
    && install -d -m 1777 /home/node/.claude /state
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY assets ./assets

ENV HOME=/home/node \
    CLAUDE_CONFIG_DIR=/home/node/.claude \
    CSP_STATE_FOLDER=/state
USER node
EXPOSE 42069
VOLUME ["/home/node/.claude", "/state"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CSP_PORT || 42069}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself gets the signals: SIGTERM lets requests in flight finish.
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
