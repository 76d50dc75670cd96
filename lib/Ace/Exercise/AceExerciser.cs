using System.Diagnostics;
using System.Runtime.InteropServices;
using PvPatch.Ace.Exercise.Native;
using PvPatch.Elf;

namespace PvPatch.Ace.Exercise;

/// <summary>Runs an ACE area in an emulator: interrupted at every instruction boundary, and on two processors in every order.</summary>
public static class AceExerciser
{
    /// <summary>Exercises an area.</summary>
    /// <param name="image">The image that holds it, linked.</param>
    /// <param name="area">Where it lies, and its entries.</param>
    /// <param name="options">How hard to try.</param>
    /// <exception cref="ExerciseException">It cannot be run here: libunicorn is missing, or the image is an object file.</exception>
    public static ExerciseResult Run(ElfFile image, AceArea area, ExerciseOptions options)
    {
        const ushort objectType = 1;
        long start = Stopwatch.GetTimestamp();
        UnicornLibrary library = UnicornLibrary.Load();
        if (image.Type == objectType && image.Segments.Count == 0)
            throw new ExerciseException("an object file cannot be exercised: its addresses are not final; link it first");
        if (AreaMemory.Read(image, area, out string? trouble) is not { } memory)
            return Refuse(area, ExerciseFailureKind.Layout, trouble!, Stopwatch.GetElapsedTime(start));
        if (area.Entries.FirstOrDefault(e => !area.Contains(e.Address)) is { } outside)
            return Refuse(area, ExerciseFailureKind.Layout, $"the entry {outside.Name} lies outside of the area", Stopwatch.GetElapsedTime(start));

        var data = new DataPool(MemoryMarshal.Cast<byte, ulong>(memory.Data), memory.DataStart);
        using var emulator = new Emulator(library, area, memory, data);
        var code = new CodeMap(area, memory);
        var graph = new StateGraph(area, code, emulator, new ContextPool(), data, options);
        var slots = new JumpTable(area, code);
        var arena = new Arena(image, area, code, graph, options, [.. area.Entries.Distinct(), .. slots.Strays]);
        var search = new Search(arena, slots);
        string? bound = null;
        try
        {
            search.Run();
        }
        catch (BoundReachedException error)
        {
            bound = error.Message;
        }

        return new ExerciseResult(
            [.. arena.Entries.Select(e => arena[e].Sum())], search.States, emulator.Instructions,
            Stopwatch.GetElapsedTime(start), bound, search.Log.Describe());
    }

    private static ExerciseResult Refuse(AceArea area, ExerciseFailureKind kind, string message, TimeSpan elapsed)
    {
        AceEntry entry = area.Entries.Count == 0 ? new AceEntry($"0x{area.Start:x}", area.Start) : area.Entries[0];
        return new ExerciseResult([], 0, 0, elapsed, null, new ExerciseFailure(entry, kind, area.Start, message, [], "an area and its data that can be mapped", message));
    }
}
