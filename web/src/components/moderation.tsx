// The author's controls at a comment: what moderation decided can be overruled here.

import { useState } from "react";
import type { Comment, Decision } from "../api";
import { isApiError } from "../errors";
import { useServices, useToken } from "../services";
import { texts } from "../texts";
import { nameOf } from "./comment-item";

interface Props {
  comment: Comment;
  onDecided: (comment: Comment) => void;
}

export function Moderation({ comment, onDecided }: Props) {
  const { api, news } = useServices();
  const token = useToken();
  const [failed, setFailed] = useState(false);
  if (token === null) return null;
  const { approve, approveWhich, reject, rejectWhich, decisionFailed } = texts.comments;

  const decide = async (status: Decision) => {
    try {
      onDecided(await api.decide(comment, status, token));
      setFailed(false);
    } catch (error) {
      if (!isApiError(error)) throw error;
      setFailed(true);
      news.say(decisionFailed);
    }
  };
  const button = (status: Decision, text: string, label: string) =>
    comment.status !== status && (
      <button className="quiet" aria-label={label} onClick={() => void decide(status)}>
        {text}
      </button>
    );
  return (
    <span className="moderation">
      {button("approved", approve, approveWhich(nameOf(comment)))}
      {button("rejected", reject, rejectWhich(nameOf(comment)))}
      {failed && <span className="fault">{decisionFailed}</span>}
    </span>
  );
}
