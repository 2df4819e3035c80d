// Where the keyboard goes when the server found something wrong: to the first field that has a fault.

import { type RefObject, useEffect, useRef } from "react";
import type { ApiError } from "./errors";

export function useFaultFocus(error: ApiError | null): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);
  return form;
}
