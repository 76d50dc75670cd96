using System.Collections.Concurrent;
using System.Diagnostics;

namespace PvPatch.Tests.Hostile;

/// <summary>Runs numbered cases on all cores: none may throw what it must not, and none may take a second.</summary>
internal static class Campaign
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs every case; <paramref name="body"/> says whether the input was accepted.</summary>
    /// <returns>How many were accepted: a campaign that nothing survives tests only the front door.</returns>
    public static int Run(int cases, Func<int, bool> body)
    {
        var running = new ConcurrentDictionary<int, long>();
        var failures = new ConcurrentQueue<string>();
        int accepted = 0, next = -1;
        Thread[] workers = [.. Enumerable.Range(0, Math.Max(2, Environment.ProcessorCount)).Select(_ => new Thread(Work) { IsBackground = true })];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers)
            while (!worker.Join(TimeSpan.FromMilliseconds(200)))
                foreach ((int number, long started) in running)
                    Assert.True(Stopwatch.GetElapsedTime(started) < Patience, Name(number, "hangs"));
        Assert.True(failures.IsEmpty, string.Join('\n', failures.Take(10)));
        return accepted;

        void Work()
        {
            for (int number; (number = Interlocked.Increment(ref next)) < cases && failures.Count < 10;)
            {
                running[number] = Stopwatch.GetTimestamp();
                try
                {
                    // Again, and again: it may have waited for a core.
                    TimeSpan taken = Time(number, count: true);
                    for (int again = 0; again < 2 && taken > Limit; again++) taken = Time(number, count: false);
                    if (taken > Limit) failures.Enqueue(Name(number, $"takes {taken.TotalSeconds:f1} s"));
                }
                catch (Exception error) when (error is not OutOfMemoryException)
                {
                    failures.Enqueue(Name(number, error.ToString()));
                }

                running.TryRemove(number, out _);
            }
        }

        TimeSpan Time(int number, bool count)
        {
            long started = Stopwatch.GetTimestamp();
            if (body(number) && count) Interlocked.Increment(ref accepted);
            return Stopwatch.GetElapsedTime(started);
        }
    }

    private static string Name(int number, string what) => $"PVPATCH_SEED={HostileSeed.Value}, case {number}: {what}";
}
