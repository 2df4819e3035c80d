// One labelled field of a form, with its hint and what the server found wrong with it.

import { type ChangeEvent, useId } from "react";

interface Props {
  name: string;
  label: string;
  value: string;
  onValue: (value: string) => void;
  faults?: readonly string[];
  hint?: string;
  /** Lines of text; without it the field is a single line. */
  rows?: number;
  secret?: boolean;
  required?: boolean;
  readOnly?: boolean;
  autoComplete?: string;
}

export function Field({ label, hint, faults = [], rows, onValue, secret = false, ...rest }: Props) {
  const id = useId();
  const notes = [hint === undefined ? "" : `${id}-hint`, faults.length > 0 ? `${id}-fault` : ""];
  const shared = {
    ...rest,
    id,
    dir: "auto" as const,
    "aria-invalid": faults.length > 0,
    "aria-describedby": notes.join(" ").trim() || undefined,
    onInput: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      onValue(event.currentTarget.value);
    },
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows !== undefined && <textarea {...shared} rows={rows} />}
      {rows === undefined && !secret && <input {...shared} type="text" />}
      {rows === undefined && secret && <input {...shared} type="password" />}
      {faults.length > 0 && (
        <p className="fault" id={`${id}-fault`} dir="auto">
          {faults.join(" ")}
        </p>
      )}
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
