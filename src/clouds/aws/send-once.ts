interface Command {
  readonly middlewareStack: {
    add(
      middleware: <Handler>(next: Handler) => Handler,
      options: {
        readonly name: string;
        readonly step: 'finalizeRequest';
        readonly priority: 'high';
        readonly override: true;
      },
    ): void;
  };
}

/**
 * The SDK tries again by itself after a time-out, and says nothing of the first try, which may take effect minutes later.
 * Whoever sends a change has to know of each try that got no answer.
 */
export function sendOnce<C extends Command>(command: C): C {
  const name = 'retryMiddleware';
  command.middlewareStack.add((next) => next, { name, step: 'finalizeRequest', priority: 'high', override: true });
  return command;
}
