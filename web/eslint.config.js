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
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
      },
    },
    rules: {
      // A number reads well in a template; the rule is kept for everything else.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Functions in an interface are passed on by name, so none may count on `this`.
      "@typescript-eslint/method-signature-style": "error",
      eqeqeq: "error",
      "max-lines": ["error", { max: 250 }],
    },
  },
);
