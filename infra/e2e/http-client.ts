import { expect } from '@jest/globals';
import { Chat, FileInfo, messageContracts, type Message } from '@switchboard/shared/contracts';
import { z } from 'zod';
import type { TestSystem, TokenSubject } from '../testing/index.ts';
import { http } from './client.ts';

/** RFC 9457, and what every error of ours carries beside it. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  retryable: z.boolean(),
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type Problem = z.output<typeof Problem>;

type Answer = Awaited<ReturnType<typeof http>>;

/** Reads an answer as a problem document, and holds it to its own status and media type. */
export function problemOf({ status, body, type }: Answer): Problem {
  expect(type).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(body);
  expect(problem.status).toBe(status);
  expect(problem.type).toBe(`urn:switchboard:error:${problem.code}`);
  return problem;
}

export const codeOf = (answer: Answer): string => `${answer.status} ${problemOf(answer).code}`;

/** One user's view of the HTTP API, through one gateway. */
export class HttpUser {
  readonly #system: TestSystem;
  readonly #gateway: number;
  readonly subject: TokenSubject;

  constructor(system: TestSystem, subject: TokenSubject, gateway = 0) {
    this.#system = system;
    this.subject = subject;
    this.#gateway = gateway;
  }

  on(gateway: number): HttpUser {
    return new HttpUser(this.#system, this.subject, gateway);
  }

  ask(method: string, path: string, body?: unknown): Promise<Answer> {
    return http(this.#system, this.subject, method, path, body, this.#gateway);
  }

  async openChat(body?: unknown): Promise<Chat> {
    const answer = await this.ask('POST', '/chats', body);
    expect(answer.status).toBe(201);
    return Chat.parse(answer.body);
  }

  async chats(query: Record<string, string>): Promise<{ chats: Chat[]; nextCursor?: string | undefined }> {
    const answer = await this.ask('GET', `/chats?${new URLSearchParams(query).toString()}`);
    expect(answer.status).toBe(200);
    return z.object({ chats: z.array(Chat), nextCursor: z.string().optional() }).parse(answer.body);
  }

  async chat(chatId: string): Promise<Chat> {
    return Chat.parse((await this.ask('GET', `/chats/${chatId}`)).body);
  }

  patch(chatId: string, change: unknown): Promise<Answer> {
    return this.ask('PATCH', `/chats/${chatId}`, change);
  }

  async messages(chatId: string, query: Record<string, string> = {}): Promise<{ messages: Message[]; nextCursor?: string | undefined }> {
    const answer = await this.ask('GET', `/chats/${chatId}/messages?${new URLSearchParams(query).toString()}`);
    expect(answer.status).toBe(200);
    return messageContracts.listMessages.reply.parse(answer.body);
  }

  /** As a browser's form would. */
  async upload(form: FormData): Promise<Answer> {
    const response = await this.fetch('/files', { method: 'POST', body: form });
    const body: unknown = await response.json();
    return { status: response.status, body, type: response.headers.get('content-type') };
  }

  async uploadFile(bytes: string | Buffer<ArrayBuffer>, name: string, type: string): Promise<FileInfo> {
    const answer = await this.upload(formWith('file', new File([bytes], name, { type })));
    expect(answer.status).toBe(201);
    return FileInfo.parse(answer.body);
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#system.urls[this.#gateway] ?? ''}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.#system.token(this.subject)}` },
    });
  }
}

export function formWith(field: string, ...files: File[]): FormData {
  const form = new FormData();
  for (const file of files) form.append(field, file);
  return form;
}
