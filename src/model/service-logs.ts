/** Where a person reads what the service prints: a page, or where there is none, the command that prints it. */
export interface ServiceLogs {
  readonly url: string | null;
  readonly command: string | null;
}
