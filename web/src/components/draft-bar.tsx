// Says that a draft is kept, and lets it be discarded.

import { useState } from "react";
import { texts } from "../texts";
import { Confirm } from "./dialog";

export function DraftBar({ onDiscard }: { onDiscard: () => void }) {
  const [asking, setAsking] = useState(false);
  const { kept, discard, ...words } = texts.draft;
  return (
    <p className="hint draft">
      {kept}{" "}
      <button type="button" className="quiet" onClick={() => setAsking(true)}>
        {discard}
      </button>
      <Confirm
        open={asking}
        words={{
          heading: words.discardHeading,
          text: words.discardText,
          confirm: words.discardConfirm,
          keep: words.discardKeep,
        }}
        onConfirm={onDiscard}
        onClose={() => setAsking(false)}
      />
    </p>
  );
}
