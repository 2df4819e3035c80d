// A form's sending: whether it is under way, and what became of it.

import { useMemo, useState } from "react";
import { type ApiError, isApiError } from "./errors";
import { Sender } from "./submit";

export interface Submission<Draft> {
  sending: boolean;
  error: ApiError | null;
  submit: (draft: Draft) => Promise<void>;
}

/** `send` must be stable: a new one forgets the key of what was tried last. */
export function useSubmit<Draft extends object, Result>(
  send: (draft: Draft, key: string) => Promise<Result>,
  onDone: (result: Result) => void,
): Submission<Draft> {
  const sender = useMemo(() => new Sender(send), [send]);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async (draft: Draft) => {
    setSending(true);
    setError(null);
    try {
      onDone(await sender.submit(draft));
    } catch (failure) {
      if (!isApiError(failure)) throw failure;
      setError(failure);
    } finally {
      setSending(false);
    }
  };
  return { sending, error, submit };
}
