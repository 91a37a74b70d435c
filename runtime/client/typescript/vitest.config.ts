import { defineConfig } from "vitest/config";

// The users are shared by all files, and one file kills servers, so files run sequentially.
export default defineConfig({
  test: { include: ["test/**/*.test.ts"], fileParallelism: false, testTimeout: 90_000 },
});
