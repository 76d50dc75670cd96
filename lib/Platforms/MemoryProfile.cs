using System.Buffers.Binary;
using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Platforms;

/// <summary>Reads a profile out of a running kernel's memory: everything a pass depends on, as that kernel had it.</summary>
public static class MemoryProfile
{
    /// <summary>Reads capability words, the return thunk, pv_ops, static keys and static calls.</summary>
    /// <exception cref="MalformedImageException">The memory, or the image's description of it, lacks what is needed.</exception>
    public static CpuProfile Read(
        KernelImage image, SiteTable sites, OpTable ops, KernelPlaces places, FeatureNames names, KernelMemory memory, string source)
    {
        (List<string> features, List<string> bugs) = ReadFeatures(image, names, memory);
        bool uniprocessor = ReadByte("uniproc_patched") is 1;
        int online = ReadInt("__num_online_cpus") is var count and > 0 ? count : uniprocessor ? 1 : 2;
        return new CpuProfile
        {
            Name = Path.GetFileName(source),
            Source = $"memory {Path.GetFileName(source)}",
            BuildId = image.Elf.ReadBuildId(),
            Platform = features.Contains("X86_FEATURE_XENPV") ? "xen-pv" : "native",
            Cpus = online,
            Uniprocessor = uniprocessor,
            Features = features,
            Bugs = bugs,
            ReturnThunk = ReadThunk(),
            Ops = ReadOps(),
            StaticKeys = ReadKeys(),
            StaticCalls = ReadCalls(),
            LateStaticCalls = ReadLateCalls(),
            Unknown = [.. ReadUnknown()],
        };

        string? ReadThunk() =>
            places.ReturnThunkVariable != 0 && memory.TryReadPointer(places.ReturnThunkVariable, out ulong thunk)
                ? PlaceNames.NameOf(image.Symbols, thunk)
                : null;

        Dictionary<string, string> ReadOps()
        {
            var changed = new Dictionary<string, string>(StringComparer.Ordinal);
            for (int op = 0; op < ops.Functions.Count; op++)
                if (memory.TryReadPointer(places.PvOps + (ulong)(op * 8), out ulong function) && function != ops.Functions[op])
                    changed[ops.Names[op]] = PlaceNames.NameOf(image.Symbols, function);
            return changed;
        }

        Dictionary<string, int> ReadKeys()
        {
            var keys = new Dictionary<string, int>(StringComparer.Ordinal);
            Span<byte> word = stackalloc byte[4];
            foreach (ulong key in sites.JumpLabels.Select(s => s.Key).Distinct())
                if (memory.TryRead(key, word))
                    keys[PlaceNames.NameOf(image.Symbols, key)] = BinaryPrimitives.ReadInt32LittleEndian(word);
            return keys;
        }

        Dictionary<string, string> ReadCalls()
        {
            var calls = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (ulong key in sites.StaticCalls.Select(s => s.Key).Distinct())
                if (memory.TryReadPointer(key, out ulong function))
                    calls[PlaceNames.NameOf(image.Symbols, key)] =
                        function == 0 ? string.Empty : PlaceNames.NameOf(image.Symbols, function);
            return calls;
        }

        IEnumerable<UnknownFact> ReadUnknown()
        {
            int missing = sites.JumpLabels.Select(s => s.Key).Concat(sites.StaticCalls.Select(s => s.Key)).Distinct()
                .Count(key => !memory.TryRead(key, new byte[8]));
            if (missing != 0)
                yield return new UnknownFact("keys outside of the dump", $"it does not hold {missing} static keys and calls; taken from the image's own data");
        }

        // When a call was emptied stands nowhere but in the text: an empty tail call that jumps was emptied late.
        List<string> ReadLateCalls()
        {
            Span<byte> opcode = stackalloc byte[1];
            var late = new SortedSet<string>(StringComparer.Ordinal);
            foreach (StaticCallSite site in sites.StaticCalls)
                if (site.Tail && site.Site.Length == X86.Branch.Length && places.IsCoreText(site.Site.Address)
                    && memory.TryReadPointer(site.Key, out ulong function) && function == 0
                    && image.Memory.TryReadWord(site.Key, out ulong initial) && initial != 0
                    && memory.TryRead(site.Site.Address, opcode) && opcode[0] == X86.Branch.Jump)
                    late.Add(PlaceNames.NameOf(image.Symbols, site.Key));
            return [.. late];
        }

        byte? ReadByte(string symbol)
        {
            Span<byte> one = stackalloc byte[1];
            return image.Symbols.TryFindAddress(symbol, out ulong at) && memory.TryRead(at, one) ? one[0] : null;
        }

        int ReadInt(string symbol)
        {
            Span<byte> word = stackalloc byte[4];
            return image.Symbols.TryFindAddress(symbol, out ulong at) && memory.TryRead(at, word)
                ? BinaryPrimitives.ReadInt32LittleEndian(word)
                : 0;
        }
    }

    private static (List<string> Features, List<string> Bugs) ReadFeatures(
        KernelImage image, FeatureNames names, KernelMemory memory)
    {
        const int maxWords = 32;
        if (!image.Symbols.TryFind("boot_cpu_data", out ElfSymbol data))
            throw new MalformedImageException("symbol boot_cpu_data", "the image has none");
        if (image.Btf is null || !image.Btf.TryFindMember("cpuinfo_x86", "x86_capability", out uint offset, out uint words)
            || words is 0 or > maxWords)
            throw new MalformedImageException("section .BTF", "it does not describe cpuinfo_x86.x86_capability");
        byte[] bits = new byte[words * 4];
        if (!memory.TryRead(data.Address + offset, bits))
            throw new MalformedImageException("dump", $"it does not hold boot_cpu_data at 0x{data.Address + memory.Slide:x}");
        var (features, bugs) = (new List<string>(), new List<string>());
        for (int number = 0; number < bits.Length * 8; number++)
        {
            if (((bits[number / 8] >> (number % 8)) & 1) == 0) continue;
            string name = names.NameOf(number);
            (name.StartsWith("X86_BUG_", StringComparison.Ordinal) ? bugs : features).Add(name);
        }

        return (features, bugs);
    }
}
