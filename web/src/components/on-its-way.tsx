// What a post's writer reads until the read model shows it as it was last written.

import { useCallback, useEffect, useState } from "react";
import type { Post } from "../api";
import { useServices } from "../services";
import { texts } from "../texts";
import { Mark } from "./mark";
import { PostWatch } from "./watch";

interface Props {
  id: string;
  version: number;
  onArrived: (post: Post) => void;
}

export function OnItsWay({ id, version, onArrived }: Props) {
  const { news } = useServices();
  const [late, setLate] = useState(false);
  const { onItsWay, onItsWayText, late: lateMark, lateText, arrived } = texts.post;
  useEffect(() => {
    news.say(late ? lateText : `${onItsWay}. ${onItsWayText}`);
  }, [news, late, lateText, onItsWay, onItsWayText]);
  const onLate = useCallback(() => {
    setLate(true);
  }, []);
  const onPost = useCallback(
    (post: Post) => {
      news.say(arrived);
      onArrived(post);
    },
    [news, arrived, onArrived],
  );
  return (
    <span title={late ? lateText : onItsWayText}>
      <Mark kind={late ? "late" : "waiting"} text={late ? lateMark : onItsWay} />
      <PostWatch id={id} version={version} onArrived={onPost} onLate={onLate} />
    </span>
  );
}
