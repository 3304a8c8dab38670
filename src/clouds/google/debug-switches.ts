/** Variables with which the auth library prints tokens, and errors of the metadata server. */
export const googleDebugSwitches = ['GOOGLE_SDK_NODE_LOGGING', 'DEBUG_AUTH'] as const;
