import { defineConfig } from "vitest/config";

// The users are the same in all files, and one file kills servers: one at a time.
export default defineConfig({
  test: { include: ["test/**/*.test.ts"], fileParallelism: false, testTimeout: 90_000 },
});
