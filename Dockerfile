# Packages and dist/ are made with the compiler; the image that runs has neither compiler nor sources.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY bin bin
COPY src src
# The runtime comes with its libraries for every platform: 288 MB, of which one platform needs 45. The web runtime of
# transformers.js is never loaded.
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/onnxruntime-web \
  && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 \
    ! -path "*/linux/$(node -p process.arch)" -exec rm -rf {} +

FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json serin.config.yaml LICENSE ./
COPY bin/serin.mjs bin/refusal.mjs bin/
COPY model-registry model-registry
RUN mkdir var && chown node:node var
USER node
EXPOSE 3000
# Ready, not only alive: both versions are loaded and a worker can take work.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1 here, so that SIGTERM reaches the service. The flag halves the work of the garbage collector
# while many requests wait (ADR 21).
CMD ["node", "--max-semi-space-size=32", "bin/serin.mjs", "serve"]
