"""Mean field and beyond: naive, Thouless-Anderson-Palmer, and Bethe (belief propagation).

Three answers to the question what a spin model does on average, without sampling and without a sum
over 2^N states. Each ignores something: naive mean field all correlations, TAP the echo of echoes,
Bethe the loops. Each may have several solutions, so each starts several times and returns those
that differ.

Only the free energy of naive mean field is a bound of the exact one.

`spinglass.meanfield` has the public names.
"""
