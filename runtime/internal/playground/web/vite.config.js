import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The page's policy allows no inline code, and its files are served under /playground/.
// The client is built from its source, so that the page needs no package of it.
export default defineConfig({
  base: "/playground/",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  resolve: {
    alias: { "@anteroom/client": fileURLToPath(new URL("../../../client/typescript/src/index.ts", import.meta.url)) },
    dedupe: ["socket.io-client"],
  },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
  },
});
