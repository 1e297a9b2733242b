"""How time and memory of the main jobs grow with sizes, replicas and threads.

    python -m benches.scaling                      # all, in about six minutes; docs/scaling.md
    python -m benches.scaling --quick --out DIR    # tiny sizes: whether it runs
    python -m benches.scaling --redraw             # page and figure again, from the stored numbers

`jobs` has what is measured, `measure` does one size in a process of its own, `growth` fits
exponents, `page` and `figure` write. What a machine is comes from `benches.report`.
"""
