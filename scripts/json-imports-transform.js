// Jest transformer for GitHub's workflow parser and language service: they import JSON without saying so, which Node
// refuses and jest warns of.
export default {
  process: (source) => ({ code: source.replace(/( from "[^"]+\.json");/g, "$1 with { type: 'json' };") }),
};
