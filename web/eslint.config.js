import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist/"] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  hooks.configs.flat.recommended,
  {
    files: ["public/*.js"],
    languageOptions: { globals: { document: "readonly", localStorage: "readonly" } },
  },
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js", "public/theme.js"] },
      },
    },
    rules: {
      // A number reads well in a template; the rule is kept for everything else.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Functions in an interface are passed on by name, so none may count on `this`.
      "@typescript-eslint/method-signature-style": "error",
      // `onClick={() => f()}` says what happens; braces around it say nothing more.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      eqeqeq: "error",
      "max-lines": ["error", { max: 250 }],
    },
  },
);
