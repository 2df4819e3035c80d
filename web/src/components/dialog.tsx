// A question that stands in front of the page until it is answered.

import { type ReactNode, useId, useLayoutEffect, useRef } from "react";

interface Props {
  open: boolean;
  heading: string;
  onClose: () => void;
  children: ReactNode;
}

/** The browser keeps the keyboard inside, closes on Escape and gives the focus back. */
export function Dialog({ open, heading, onClose, children }: Props) {
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    if (open) place.current?.showModal();
    else place.current?.close();
  }, [open]);
  return (
    <dialog ref={place} aria-labelledby={id} onClose={onClose}>
      {open && (
        <>
          <h2 id={id}>{heading}</h2>
          {children}
        </>
      )}
    </dialog>
  );
}

interface ConfirmProps {
  open: boolean;
  words: { heading: string; text: string; confirm: string; keep: string };
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ open, words, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog open={open} heading={words.heading} onClose={onClose}>
      <p dir="auto">{words.text}</p>
      <p className="actions">
        <button type="button" onClick={onClose}>
          {words.keep}
        </button>
        <button
          type="button"
          className="grave"
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {words.confirm}
        </button>
      </p>
    </Dialog>
  );
}
