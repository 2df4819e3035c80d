// What is on its way, looked after while it is on the page: nothing to see, only news to tell.

import { useEffect } from "react";
import type { Api, Comment, Post, Read } from "../api";
import { isAbsent } from "../errors";
import { poll } from "../poll";
import { useServices } from "../services";

interface PostWatchProps {
  id: string;
  /** The version that the read model does not show yet. */
  version: number;
  onArrived: (post: Post) => void;
  onLate: () => void;
}

/** Asks for a post until the read model shows it as it was last written. */
export function PostWatch({ id, version, onArrived, onLate }: PostWatchProps) {
  const { api } = useServices();
  useEffect(
    () =>
      watch(
        (signal) => poll(() => tell(arrivedPost(api, id, version), onArrived, signal), signal),
        onLate,
      ),
    [api, id, version, onArrived, onLate],
  );
  return null;
}

interface CommentWatchProps {
  /** As it is known here: pending, or decided by the author. */
  comment: Comment;
  onSettled: (comment: Comment) => void;
  onLate: (id: string) => void;
}

/** Asks for a comment until the read model shows it decided. */
export function CommentWatch({ comment, onSettled, onLate }: CommentWatchProps) {
  const { api } = useServices();
  useEffect(
    () =>
      watch(
        (signal) => poll(() => tell(settledComment(api, comment), onSettled, signal), signal),
        () => {
          onLate(comment.id);
        },
      ),
    [api, comment, onSettled, onLate],
  );
  return null;
}

interface DeletionWatchProps {
  id: string;
  onGone: (id: string) => void;
}

/** Asks for a deleted post until there is none any more. */
export function DeletionWatch({ id, onGone }: DeletionWatchProps) {
  const { api } = useServices();
  useEffect(
    () =>
      watch(
        (signal) =>
          poll(async () => {
            const gone = (await orAbsent(api.getPost(id))) === null;
            if (gone) onGone(id);
            return gone;
          }, signal),
        () => undefined,
      ),
    [api, id, onGone],
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

async function arrivedPost(api: Api, id: string, version: number): Promise<Post | null> {
  const post = await orAbsent(api.getPost(id));
  return post !== null && post.version >= version ? post : null;
}

async function settledComment(api: Api, known: Comment): Promise<Comment | null> {
  const comment = await orAbsent(api.getComment(known.postId, known.id));
  if (comment === null || comment.status === "pending") return null;
  return comment.version >= known.version ? comment : null;
}

/** A 404 is no failure here: the read model follows in its own time. */
async function orAbsent<T>(answer: Promise<Read<T>>): Promise<T | null> {
  try {
    return (await answer).value;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
