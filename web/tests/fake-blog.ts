// A blog in memory behind the page's `Api`: events arrive when a test says so.

import type { Api, Comment, CommentDraft, Post, PostDraft, WrittenPost } from "../src/api";
import { Problem } from "../src/errors";

const TIME = "2026-01-01T00:00:00.000000Z";
const NOT_FOUND = () => Promise.reject(new Problem(404, "Not found."));

export class FakeBlog implements Api {
  readonly readable = new Map<string, Post>();
  readonly written: { draft: PostDraft | CommentDraft; key: string; token: string | null }[] = [];
  /** Thrown once each, in order, by the commands to come. */
  readonly failures: Error[] = [];
  away = false;
  commentsAsked = 0;

  arrive(post: WrittenPost, comments: Comment[] = []): void {
    const commentCount = comments.filter(({ status }) => status === "approved").length;
    this.readable.set(post.id, { ...post, commentCount, comments, nextComments: null });
  }

  listPosts = () => {
    if (this.away) return Promise.reject(new Problem(502, "Bad gateway."));
    const posts = [...this.readable.values()].map((post) => ({ ...post, excerpt: post.body }));
    return Promise.resolve({ posts, next: null });
  };

  getPost = (id: string) => {
    const post = this.readable.get(id);
    return post ? Promise.resolve(post) : NOT_FOUND();
  };

  listComments = () => Promise.resolve({ comments: [], next: null });

  getComment = (postId: string, id: string) => {
    this.commentsAsked += 1;
    const comment = this.readable.get(postId)?.comments.find((other) => other.id === id);
    return comment ? Promise.resolve(comment) : NOT_FOUND();
  };

  createPost = (draft: PostDraft, { key, token = null }: { key: string; token?: string | null }) =>
    this.take(draft, key, token, () => post(`p${this.written.length}`, draft));

  createComment = (postId: string, draft: CommentDraft, { key }: { key: string }) =>
    this.take(draft, key, null, () => comment(`c${this.written.length}`, { postId, ...draft }));

  private take<T>(
    draft: PostDraft | CommentDraft,
    key: string,
    token: string | null,
    result: () => T,
  ): Promise<T> {
    this.written.push({ draft, key, token });
    const failure = this.failures.shift();
    return failure ? Promise.reject(failure) : Promise.resolve(result());
  }
}

export function post(id: string, rest: Partial<WrittenPost> = {}): WrittenPost {
  return { id, title: id, body: "", createdAt: TIME, updatedAt: TIME, version: 1, ...rest };
}

export function comment(id: string, rest: Partial<Comment> = {}): Comment {
  const whole = { postId: "p", author: null, content: null, reason: null } as const;
  return { ...whole, id, status: "pending", createdAt: TIME, version: 1, ...rest };
}
