using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(PvPatch.Benchmarks.PassBenchmarks).Assembly).Run(args);
