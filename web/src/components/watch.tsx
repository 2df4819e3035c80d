// What is on its way, looked after while it is on the page: nothing to see, only news to tell.

import { useEffect } from "react";
import type { Api, Comment, Post } from "../api";
import { isAbsent } from "../errors";
import { poll } from "../poll";
import { useServices } from "../services";

interface PostWatchProps {
  id: string;
  onArrived: (post: Post) => void;
  onLate: () => void;
}

/** Asks for a post until the read model has it. */
export function PostWatch({ id, onArrived, onLate }: PostWatchProps) {
  const { api } = useServices();
  useEffect(
    () =>
      watch(
        (signal) => poll(() => tell(orAbsent(api.getPost(id)), onArrived, signal), signal),
        onLate,
      ),
    [api, id, onArrived, onLate],
  );
  return null;
}

interface CommentWatchProps {
  postId: string;
  id: string;
  onSettled: (comment: Comment) => void;
  onLate: (id: string) => void;
}

/** Asks for a comment until it is approved or rejected. */
export function CommentWatch({ postId, id, onSettled, onLate }: CommentWatchProps) {
  const { api } = useServices();
  useEffect(
    () =>
      watch(
        (signal) => poll(() => tell(settledComment(api, postId, id), onSettled, signal), signal),
        () => {
          onLate(id);
        },
      ),
    [api, postId, id, onSettled, onLate],
  );
  return null;
}

/** Runs `polling` until the effect is undone; `onLate` hears when it gave up by itself. */
function watch(polling: (signal: AbortSignal) => Promise<boolean>, onLate: () => void): () => void {
  const stop = new AbortController();
  void polling(stop.signal).then((found) => {
    if (!found && !stop.signal.aborted) onLate();
  });
  return () => {
    stop.abort();
  };
}

async function tell<T>(
  answer: Promise<T | null>,
  onFound: (found: T) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await answer;
  if (found !== null && !signal.aborted) onFound(found);
  return found !== null;
}

async function settledComment(api: Api, postId: string, id: string): Promise<Comment | null> {
  const comment = await orAbsent(api.getComment(postId, id));
  return comment?.status === "pending" ? null : comment;
}

/** A 404 is no failure here: the read model follows in its own time. */
async function orAbsent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
