/** An error as the token endpoint answers it: https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
export class EntraError extends Error {
  readonly status: number;
  readonly error: string;
  readonly number: number;

  constructor(status: number, error: string, code: { readonly number: number; readonly text: string }) {
    super(`AADSTS${code.number}: ${code.text}`);
    this.status = status;
    this.error = error;
    this.number = code.number;
  }
}
