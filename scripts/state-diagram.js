'use strict';

/** The transition table as a Mermaid diagram: one arrow a pair of states, labelled with its events. */
function stateDiagram(transitionTable) {
  const lines = ['```mermaid', 'stateDiagram-v2', '  [*] --> idle'];
  for (const [state, edges] of Object.entries(transitionTable)) {
    const eventsByTarget = new Map();
    for (const [event, { to }] of Object.entries(edges)) {
      for (const target of to) {
        eventsByTarget.set(target, [...(eventsByTarget.get(target) ?? []), event]);
      }
    }
    for (const [target, events] of eventsByTarget) {
      lines.push(`  ${state} --> ${target}: ${events.join(', ')}`);
    }
  }
  return [...lines, '```'].join('\n');
}

module.exports = { stateDiagram };
