using PvPatch.Checking;
using PvPatch.Elf;
using PvPatch.X86;

namespace PvPatch.Ace;

/// <summary>The layout: pages, permissions, the jump table, and what lies between the routines.</summary>
internal static class LayoutChecks
{
    private const ulong Page = 4096;
    private const uint SegmentWrite = 2;
    private const int MostDeadRuns = 64;

    /// <summary>Checks where area and data lie, and with which rights.</summary>
    public static IEnumerable<Finding> CheckPlaces(AceImage image, AceArea area, bool isObject)
    {
        if (area.End == area.Start) yield return new Finding(AceRules.NoArea, area.Start, "the area is empty");
        else if (area.Entries.Count == 0) yield return new Finding(AceRules.NoArea, area.Start, "the area has no entry: no global function ace_* lies in it, and no jump table");
        if (!isObject) // an object's pages are the linker's work
        {
            if (((area.Start | area.End) & (Page - 1)) != 0)
                yield return new Finding(AceRules.NotWholePages, area.Start, $"the area is 0x{area.Start:x}…0x{area.End:x}");
            if (((area.DataStart | area.DataEnd) & (Page - 1)) != 0)
                yield return new Finding(AceRules.NotWholePages, area.DataStart, $"the data is 0x{area.DataStart:x}…0x{area.DataEnd:x}");
        }

        foreach (Finding finding in CheckRights(image, area)) yield return finding;
        foreach (Finding finding in CheckOverlaps(image, area)) yield return finding;
        foreach (AceEntry entry in area.Entries)
            if (!area.Contains(entry.Address))
                yield return new Finding(AceRules.NoArea, entry.Address, $"the entry {entry.Name} lies outside of the area");
    }

    /// <summary>Checks the jump table.</summary>
    public static IEnumerable<Finding> CheckTable(AceImage image, AceArea area)
    {
        HashSet<ulong> entries = [.. area.Entries.Select(e => e.Address)];
        for (ulong slot = area.TableStart; slot < area.TableEnd; slot += AceArea.SlotSize)
        {
            if (slot < area.Start || area.TableEnd - slot < AceArea.SlotSize || slot > area.End - AceArea.SlotSize
                || !image.TrySlice(slot, AceArea.SlotSize, out ReadOnlySpan<byte> code))
            {
                yield return new Finding(AceRules.SlotForm, slot, "the slot is cut short, or not in the area");
                yield break;
            }

            bool uniform = code[0] == Branch.Jump && !code[Branch.Length..].ContainsAnyExcept(Branch.Int3);
            ulong target = Branch.Target(code, slot);
            if (!uniform)
                yield return new Finding(AceRules.SlotForm, slot, "the slot is not a jmp with a 32-bit distance and eleven bytes of fill");
            else if (!entries.Contains(target))
                yield return new Finding(AceRules.SlotTarget, slot, $"the slot goes to 0x{target:x} ({image.Describe(target)})");
        }
    }

    /// <summary>Checks the bytes that no entry reaches.</summary>
    public static IEnumerable<Finding> CheckDead(AceCode code, IReadOnlyList<(ulong Start, ulong End)> reached)
    {
        int runs = 0;
        ulong at = code.Area.Start;
        foreach ((ulong start, ulong end) in reached.Append((code.Area.End, code.Area.End)))
        {
            for (; at < start; at++)
            {
                if (code.Bytes[(int)(at - code.Area.Start)] == Branch.Int3) continue;
                ulong first = at;
                while (at < start && code.Bytes[(int)(at - code.Area.Start)] != Branch.Int3) at++;
                if (runs++ < MostDeadRuns)
                    yield return new Finding(AceRules.DeadBytes, first, $"{at - first} bytes that no entry reaches are not 0xcc");
            }

            at = Math.Max(at, end);
        }
    }

    private static IEnumerable<Finding> CheckRights(AceImage image, AceArea area)
    {
        if (area.End == area.Start) yield break;
        foreach (ElfSection section in image.Elf.Sections)
        {
            if (!section.IsAllocated || !Meets(section.Address, section.Size, area.Start, area.End)) continue;
            if (!section.IsExecutable && IsShared(image, section)) continue; // PV2004
            if ((section.Flags & ElfSection.WriteFlag) != 0) yield return new Finding(AceRules.Permissions, area.Start, $"section {section.Name} is writable");
            if (!section.IsExecutable) yield return new Finding(AceRules.Permissions, area.Start, $"section {section.Name} is not executable");
        }

        foreach (ElfSegment segment in image.Elf.Segments)
        {
            if (segment.Type != ElfSegment.Load || !Meets(segment.Address, segment.MemorySize, area.Start, area.End)) continue;
            if (image.Elf.Segments.Any(s => s.Index < segment.Index && s.Type == ElfSegment.Load
                && Meets(s.Address, s.MemorySize, segment.Address, segment.Address + segment.MemorySize)))
            {
                yield return new Finding(AceRules.Overlaps, segment.Address, $"segment {segment.Index} has addresses of one before it");
                continue;
            }

            if ((segment.Flags & SegmentWrite) != 0) yield return new Finding(AceRules.Permissions, area.Start, $"segment {segment.Index} is writable");
            if ((segment.Flags & ElfSegment.ExecFlag) == 0) yield return new Finding(AceRules.Permissions, area.Start, $"segment {segment.Index} is not executable");
        }
    }

    private static IEnumerable<Finding> CheckOverlaps(AceImage image, AceArea area)
    {
        if (area.DataEnd != area.DataStart && Meets(area.DataStart, area.DataEnd - area.DataStart, area.Start, area.End))
            yield return new Finding(AceRules.Overlaps, area.Start, "the area and its data share addresses");
        foreach (ElfSection section in image.Elf.Sections)
        {
            // Thread-local and per-CPU sections are linked at addresses that are offsets; they start far below.
            if (section is not { IsAllocated: true, Size: > 0 } || !Meets(section.Address, section.Size, area.Start, area.End)) continue;
            foreach (ElfSection other in image.Elf.Sections)
                if (other.Index > section.Index && other is { IsAllocated: true, Size: > 0 } && Meets(other.Address, other.Size, area.Start, area.End)
                    && Meets(section.Address, section.Size, other.Address, other.Address + other.Size))
                    yield return new Finding(AceRules.Overlaps, Math.Max(section.Address, other.Address), $"sections {section.Name} and {other.Name} share addresses");
        }

        ulong end = 0;
        string name = string.Empty;
        foreach (ElfSymbol symbol in Functions(image, area).OrderBy(s => s.Address).ThenByDescending(s => s.Size))
        {
            bool alias = symbol.Address + symbol.Size == end;
            if (symbol.Address < end && !alias)
                yield return new Finding(AceRules.Overlaps, symbol.Address, $"{image.Elf.Symbols.GetName(symbol)} begins inside of {name}");
            if (symbol.Address + symbol.Size <= end) continue;
            (end, name) = (symbol.Address + symbol.Size, image.Elf.Symbols.GetName(symbol));
        }
    }

    private static bool IsShared(AceImage image, ElfSection section) => image.Elf.Sections.Any(s => s.Index != section.Index
        && s is { IsAllocated: true, IsExecutable: true } && Meets(s.Address, s.Size, section.Address, section.Address + section.Size));

    private static IEnumerable<ElfSymbol> Functions(AceImage image, AceArea area)
    {
        for (int i = 0; i < image.Elf.Symbols.Count; i++)
        {
            ElfSymbol symbol = image.Elf.Symbols[i];
            if (symbol is { Type: ElfSymbol.Function, IsPlace: true } && area.Contains(symbol.Address) && symbol.Size <= area.End - area.Start)
                yield return symbol;
        }
    }

    private static bool Meets(ulong start, ulong size, ulong from, ulong to) => size != 0 && start < to && from < start + size;
}
