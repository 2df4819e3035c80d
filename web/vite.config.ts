import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // The page is written against React's API; Preact answers it in a tenth of the size.
    alias: [
      { find: /^react\/jsx(-dev)?-runtime$/, replacement: "preact/jsx-runtime" },
      { find: /^react-dom\/client$/, replacement: "preact/compat/client" },
      { find: /^react(-dom)?$/, replacement: "preact/compat" },
    ],
  },
  build: {
    // Everything stays a file of its own: a strict content security policy forbids data: and inline code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The license text of each library that the page contains, for whoever gets the page.
    license: { fileName: "licenses.txt" },
  },
  server: {
    proxy: { "/api": "http://127.0.0.1:8080" },
  },
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
  },
});
