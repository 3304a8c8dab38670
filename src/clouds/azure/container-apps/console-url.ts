/** Where a person sees the app in the Azure portal. */
export function formatConsoleUrl(path: string): string {
  return `https://portal.azure.com/#resource${path}/revisionManagement`;
}
