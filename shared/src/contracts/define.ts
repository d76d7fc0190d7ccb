export * from './define/event.ts';
export * from './define/request.ts';
export * from './define/signal.ts';
