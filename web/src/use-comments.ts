// A post's comments: the pages read so far, joined with what this tab wrote.

import { useCallback, useState } from "react";
import type { Comment, Post } from "./api";
import { type ApiError } from "./errors";
import { approvedSince, joinComments, type Joined, withOwnText } from "./merge";
import { useServices } from "./services";
import { reported } from "./use-posts";

export interface CommentList extends Joined {
  /** All of this tab's own, in either part of the list. */
  mine: Comment[];
  /** How many are approved. */
  count: number;
  next: string | null;
  error: ApiError | null;
  more: (cursor: string) => Promise<void>;
  add: (comment: Comment) => void;
  settle: (comment: Comment) => void;
}

interface Further {
  comments: Comment[];
  next: string | null;
}

export function useComments(post: Post): CommentList {
  const { api, own } = useServices();
  const [further, setFurther] = useState<Further | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [mine, setMine] = useState(() =>
    own.comments.all().filter((comment) => comment.postId === post.id),
  );

  const more = (cursor: string) =>
    reported(setError, async () => {
      const page = await api.listComments(post.id, cursor);
      setFurther((before) => ({
        comments: [...(before?.comments ?? []), ...page.comments],
        next: page.next,
      }));
    });

  const add = useCallback(
    (comment: Comment) => {
      own.comments.put(comment);
      setMine((before) => [...before.filter(({ id }) => id !== comment.id), comment]);
    },
    [own],
  );

  const settle = useCallback(
    (read: Comment) => {
      const kept = own.comments.all().find(({ id }) => id === read.id);
      const settled = withOwnText(read, kept);
      // An approved comment is everybody's to read; a rejected one's text is known here only.
      if (settled.status === "approved") own.comments.drop(settled.id);
      else own.comments.put(settled);
      setMine((before) => before.map((comment) => (comment.id === read.id ? settled : comment)));
    },
    [own],
  );

  const all = [...post.comments, ...(further?.comments ?? [])];
  const count = post.commentCount + approvedSince(all, mine);
  const next = further === null ? post.nextComments : further.next;
  return { ...joinComments(all, mine), mine, count, next, error, more, add, settle };
}
