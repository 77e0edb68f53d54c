"""Benchmarks: every codec, ours and others', behind one interface and on the same work.

What ``latentpress bench`` does, in order:

    coders, missing = select_coders(["hyperprior", "jpeg-420"])         # .selection
    pictures = find_pictures("kodak")                                   # .pictures
    run = run_bench(coders, pictures, "out", missing=missing)           # .runner, writes out/results.jsonl
    times = time_coders(coders, pictures, "out", run=run)               # .timing, writes out/timing.jsonl
    summary = summarise(run, "jpeg-420", times)                         # .summary
    write_plots(summary, "out")                                         # .plots
    write_report(run, summary, pictures, "out/report.html")             # .report

`latentpress.bench.coders` holds the coders, `latentpress.bench.results` the files. Importing this package loads none of
the coders' libraries.
"""
