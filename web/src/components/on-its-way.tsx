// What a post's writer reads until the read model shows it.

import { useCallback, useState } from "react";
import type { Post } from "../api";
import { texts } from "../texts";
import { Mark } from "./mark";
import { PostWatch } from "./watch";

interface Props {
  id: string;
  onArrived: (post: Post) => void;
}

export function OnItsWay({ id, onArrived }: Props) {
  const [late, setLate] = useState(false);
  const onLate = useCallback(() => {
    setLate(true);
  }, []);
  const { onItsWay, onItsWayText, late: lateMark, lateText } = texts.post;
  return (
    <p className="meta" role="status">
      <Mark kind={late ? "late" : "waiting"} text={late ? lateMark : onItsWay} />
      <span>{late ? lateText : onItsWayText}</span>
      <PostWatch id={id} onArrived={onArrived} onLate={onLate} />
    </p>
  );
}
