/** Variables with which the SDKs print requests and answers. */
export const azureDebugSwitches = ['AZURE_LOG_LEVEL', 'TYPESPEC_RUNTIME_LOG_LEVEL'] as const;
