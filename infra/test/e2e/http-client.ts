import { expect } from '@jest/globals';
import {
  Chat,
  FileInfo,
  messageContracts,
  type Message,
  type TimelineItem,
} from '@switchboard/shared/contracts';
import { z } from 'zod';
import type { TestSystem, TokenSubject } from '../helpers/index.ts';
import { http } from './client.ts';

/** RFC 9457, with the extra fields of every Switchboard error. */
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

type HttpReply = Awaited<ReturnType<typeof http>>;

/** Parses a response as a problem document and checks its status and media type. */
export function problemOf({ status, body, type }: HttpReply): Problem {
  expect(type).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(body);
  expect(problem.status).toBe(status);
  expect(problem.type).toBe(`urn:switchboard:error:${problem.code}`);
  return problem;
}

export const codeOf = (reply: HttpReply): string => `${reply.status} ${problemOf(reply).code}`;

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

  request(method: string, path: string, body?: unknown): Promise<HttpReply> {
    return http(this.#system, this.subject, method, path, body, this.#gateway);
  }

  async openChat(body?: unknown): Promise<Chat> {
    const reply = await this.request('POST', '/chats', body);
    expect(reply.status).toBe(201);
    return Chat.parse(reply.body);
  }

  async chats(query: Record<string, string>): Promise<{ chats: Chat[]; nextCursor?: string | undefined }> {
    const reply = await this.request('GET', `/chats?${new URLSearchParams(query).toString()}`);
    expect(reply.status).toBe(200);
    return z.object({ chats: z.array(Chat), nextCursor: z.string().optional() }).parse(reply.body);
  }

  async chat(chatId: string): Promise<Chat> {
    return Chat.parse((await this.request('GET', `/chats/${chatId}`)).body);
  }

  patch(chatId: string, change: unknown): Promise<HttpReply> {
    return this.request('PATCH', `/chats/${chatId}`, change);
  }

  async messages(
    chatId: string,
    query: Record<string, string> = {},
  ): Promise<{ messages: Message[]; nextCursor?: string | undefined }> {
    const reply = await this.request(
      'GET',
      `/chats/${chatId}/messages?${new URLSearchParams(query).toString()}`,
    );
    expect(reply.status).toBe(200);
    return messageContracts.listMessages.reply.parse(reply.body);
  }

  async timeline(
    chatId: string,
    query: Record<string, string> = {},
  ): Promise<{ items: TimelineItem[]; nextCursor?: string | undefined }> {
    const reply = await this.request(
      'GET',
      `/chats/${chatId}/timeline?${new URLSearchParams(query).toString()}`,
    );
    expect(reply.status).toBe(200);
    return messageContracts.readTimeline.reply.parse(reply.body);
  }

  /** Sends a multipart form as a browser does. */
  async upload(form: FormData): Promise<HttpReply> {
    const response = await this.fetch('/files', { method: 'POST', body: form });
    const body: unknown = await response.json();
    return { status: response.status, body, type: response.headers.get('content-type') };
  }

  async uploadFile(bytes: string | Buffer<ArrayBuffer>, name: string, type: string): Promise<FileInfo> {
    const reply = await this.upload(formWith('file', new File([bytes], name, { type })));
    expect(reply.status).toBe(201);
    return FileInfo.parse(reply.body);
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
