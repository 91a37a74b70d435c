import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// Each page is a mode: `vite build --mode dashboard` builds the folder dashboard, which is
// served under /dashboard/. The pages' Content-Security-Policy allows no inline code. The
// client is built from its source, so that the pages need no package of it.
export default defineConfig(({ mode }) => ({
  root: here(mode),
  base: `/${mode}/`,
  publicDir: here("public"),
  logLevel: "warn",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  resolve: {
    alias: { "@anteroom/client": here("../../../../client/typescript/src/index.ts") },
    dedupe: ["socket.io-client"],
  },
  build: {
    outDir: here(`../dist/${mode}`),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
  },
}));
