// Signing in as the author: with the token, or without one where the blog asks for none.

import { type FormEvent, type ReactNode, useState } from "react";
import { isApiError } from "../errors";
import { useServices } from "../services";
import { texts } from "../texts";
import { OPEN } from "../token";
import { Dialog } from "./dialog";
import { Field } from "./field";

interface SignIn {
  /** Asks for the token, unless the blog takes posts without one. */
  begin: () => void;
  /** To be rendered beside what begins it. */
  dialog: ReactNode;
}

export function useSignIn(onSignedIn: () => void): SignIn {
  const { api, token, news } = useServices();
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  const attempt = async (typed: string): Promise<void> => {
    const verdict = await mayWrite(typed);
    setOpen(verdict !== "yes");
    // Nobody has typed a token yet: that none was taken is no fault.
    setFault(verdict === "no" && typed === OPEN ? null : texts.author[FAULTS[verdict]]);
    if (verdict !== "yes") return;
    token.set(typed);
    news.say(typed === OPEN ? texts.author.open : texts.author.signedIn);
    onSignedIn();
  };

  const mayWrite = async (typed: string): Promise<keyof typeof FAULTS> => {
    try {
      return (await api.mayWrite(typed)) ? "yes" : "no";
    } catch (error) {
      if (!isApiError(error)) throw error;
      return "unknown";
    }
  };

  const close = () => {
    setOpen(false);
  };
  return {
    begin: () => void attempt(OPEN),
    dialog: (
      <Dialog open={open} heading={texts.author.heading} onClose={close}>
        <TokenForm fault={fault} onToken={(typed) => void attempt(typed)} onCancel={close} />
      </Dialog>
    ),
  };
}

const FAULTS = { yes: "signedIn", no: "wrong", unknown: "away" } as const;

interface Props {
  fault: string | null;
  onToken: (token: string) => void;
  onCancel: () => void;
}

function TokenForm({ fault, onToken, onCancel }: Props) {
  const [typed, setTyped] = useState("");
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    onToken(typed.trim());
  };
  return (
    <form noValidate onSubmit={onSubmit}>
      <Field
        name="token"
        label={texts.author.token}
        value={typed}
        onValue={setTyped}
        faults={fault === null ? [] : [fault]}
        hint={texts.author.text}
        autoComplete="current-password"
        secret
      />
      <p className="actions">
        <button type="button" onClick={onCancel}>
          {texts.author.cancel}
        </button>
        <button className="primary" type="submit">
          {texts.author.signIn}
        </button>
      </p>
    </form>
  );
}
