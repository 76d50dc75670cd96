using System.Buffers.Binary;
using System.Text;
using PvPatch.Checking;
using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Tests.Hostile;

/// <summary>Files of a few megabytes made to cost the product of two of their sizes, or far more memory than they have bytes.</summary>
/// <remarks>Where the work is not bounded each of these takes minutes.</remarks>
[Collection(AloneCollection.Name)]
public sealed class BoundedWorkTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void ManySymbolsAtOneAddressThatEveryRecordNames()
    {
        const int labels = 60_000;
        var kernel = new CraftedKernel();
        ulong text = kernel.AddText(labels * 2, instruction: "6690");
        (ulong key, byte[] _) = kernel.Add(".data", 16);
        (ulong table, byte[] records) = kernel.Add("__jump_table", labels * 16);
        for (int i = 0; i < labels; i++)
        {
            ulong record = table + ((ulong)i * 16), site = text + ((ulong)i * 2);
            WriteDistance(records, i * 16, record, site);
            WriteDistance(records, (i * 16) + 4, record + 4, site);
            BinaryPrimitives.WriteUInt64LittleEndian(records.AsSpan((i * 16) + 8), key - (record + 8));
        }

        kernel.AddSymbol("__start___jump_table", table);
        kernel.AddSymbol("__stop___jump_table", table + (ulong)records.Length);
        int name = kernel.AddString("one_of_many\0"u8.ToArray());
        for (int i = 0; i < 1_500_000; i++) kernel.AddSymbol(name, key, 16);
        Within(() => ReadAll(kernel.Write()));
    }

    [Fact]
    public void ManyNamesThatShareTheirBytes()
    {
        var kernel = new CraftedKernel();
        ulong text = kernel.AddText(0x1000);
        AddReturns(kernel, text, 100, i => text + ((ulong)i * 5));
        int name = kernel.AddString([.. Enumerable.Repeat((byte)'a', 4 << 20)]);
        for (int i = 0; i < 200_000; i++) kernel.AddSymbol(name + (i * 20), text + 0x800);
        Within(() => ReadAll(kernel.Write()));
    }

    [Fact]
    public void ManyRecordsForOnePlaceAreRefused()
    {
        var kernel = new CraftedKernel();
        ulong text = kernel.AddText(0x1000);
        AddReturns(kernel, text, 500_000, _ => text + 0x100);
        Within(() =>
        {
            using KernelImage image = KernelImage.Read(ByteSource.FromBytes(kernel.Write()));
            SiteTable sites = SiteTable.Read(image);
            Assert.Contains("512 records", Assert.Throws<MalformedImageException>(() => sites.All).Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void AsManyRecordsForEveryPlaceAsAreAllowed()
    {
        const int places = 300, each = 500, length = 254;
        var kernel = new CraftedKernel();
        ulong text = kernel.AddText(places * 256, instruction: "0f1f440000");
        ulong replacement = kernel.AddText(0x2000, ".altinstr_replacement");
        (ulong table, byte[] records) = kernel.Add(".altinstructions", places * each * 12);
        for (int i = 0; i < places * each; i++)
        {
            ulong record = table + ((ulong)i * 12), site = text + ((ulong)(i / each) * 256);
            WriteDistance(records, i * 12, record, site);
            WriteDistance(records, (i * 12) + 4, record + 4, replacement + (ulong)(i % 4096));
            (records[(i * 12) + 10], records[(i * 12) + 11]) = (length, length);
        }

        // Every entry asks for a place in the middle of them all.
        (ulong orc, byte[] entries) = kernel.Add(".orc_unwind_ip", 1_000_000 * 4);
        for (int i = 0; i < 1_000_000; i++) WriteDistance(entries, i * 4, orc + ((ulong)i * 4), text + (ulong)(i % (places * 256)));
        kernel.AddSymbol("text", text, 16);
        Within(() => ReadAll(kernel.Write()));
    }

    [Fact]
    public void AChainOfSitesIsExplained()
    {
        using var scratch = new Scratch();
        var kernel = new CraftedKernel();
        ulong text = kernel.AddText(0x20000);
        AddReturns(kernel, text, 30_000, i => text + ((ulong)i * 4));
        kernel.AddSymbol("text", text, 16);
        kernel.AddSymbol("__x86_return_thunk", text, 16);
        string image = scratch.Write("image", kernel.Write());
        Within(() => Assert.Equal(string.Empty, CommandRun.Under("\"$@\" >/dev/null", "explain", image, "text+0x100", "-q").Error));
    }

    [Fact]
    public void SixtyThousandTextSectionsAndSegments()
    {
        const int count = 60_000;
        var kernel = new CraftedKernel { OneSegment = false };
        (ulong table, byte[] records) = kernel.Add(".return_sites", count * 8 * 4);
        kernel.MoreSegments.Add((ElfSegment.Load, table - CraftedKernel.Base, table, (ulong)records.Length));
        string name = "." + new string('x', 2000);
        for (int i = 0; i < count; i++)
        {
            ulong text = kernel.AddText(64, name);
            kernel.MoreSegments.Add((ElfSegment.Load, text - CraftedKernel.Base, text, 64));
            for (int j = 0; j < 8; j++) WriteDistance(records, ((i * 8) + j) * 4, table + (ulong)(((i * 8) + j) * 4), text + (ulong)(j * 8));
        }

        kernel.AddSymbol("text", table, 16);
        Within(() => ReadAll(kernel.Write()));
    }

    [Fact]
    public void NotesThatOverlapAreRefused()
    {
        var kernel = new CraftedKernel();
        ulong text = kernel.AddText(0x1000);
        AddReturns(kernel, text, 10, i => text + ((ulong)i * 5));
        (ulong notes, byte[] _) = kernel.Add(".notes", 12 * 100_000, type: ElfSection.Note);
        for (int i = 0; i < 60_000; i++) kernel.MoreSegments.Add((ElfSegment.Note, notes - CraftedKernel.Base, notes, 12 * 100_000));
        Within(() =>
        {
            using KernelImage image = KernelImage.Read(ByteSource.FromBytes(kernel.Write()));
            Assert.Equal("notes", Assert.Throws<MalformedImageException>(() => image.Elf.ReadBuildId()).Place);
        });
    }

    [Theory]
    [InlineData("paravirt_patch_template")]
    [InlineData("cpuinfo_x86")]
    public void ATypeThatHoldsItselfThousandsOfTimes(string name)
    {
        byte[] type = new byte[12 + (60_000 * 12)]; // a structure whose members, all without a name, are that structure
        BinaryPrimitives.WriteUInt32LittleEndian(type, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(type.AsSpan(4), (4u << 24) | 60_000);
        BinaryPrimitives.WriteUInt32LittleEndian(type.AsSpan(8), 4096);
        for (int i = 0; i < 60_000; i++) BinaryPrimitives.WriteUInt32LittleEndian(type.AsSpan(12 + (i * 12) + 4), 1 + ((uint)i % 2));
        byte[] names = [0, .. Encoding.ASCII.GetBytes(name), 0];
        byte[] btf = new byte[24 + (type.Length * 2) + names.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(btf, 0xeb9f);
        BinaryPrimitives.WriteUInt32LittleEndian(btf.AsSpan(4), 24);
        BinaryPrimitives.WriteUInt32LittleEndian(btf.AsSpan(12), (uint)(type.Length * 2));
        BinaryPrimitives.WriteUInt32LittleEndian(btf.AsSpan(16), (uint)(type.Length * 2));
        BinaryPrimitives.WriteUInt32LittleEndian(btf.AsSpan(20), (uint)names.Length);
        type.CopyTo(btf, 24);
        type.CopyTo(btf, 24 + type.Length);
        names.CopyTo(btf, 24 + (type.Length * 2));
        var kernel = new CraftedKernel();
        (ulong ops, byte[] _) = kernel.Add(".data", 4096);
        kernel.AddSymbol("pv_ops", ops, 2048);
        kernel.Add(".BTF", btf.Length).Bytes.AsSpan().Clear();
        byte[] file = kernel.Write();
        int at = file.Length - 1;
        using (KernelImage found = KernelImage.Read(ByteSource.FromBytes(file))) at = (int)found.Elf.FindSection(".BTF")!.Offset;
        btf.CopyTo(file, at);
        Within(() =>
        {
            using KernelImage image = KernelImage.Read(ByteSource.FromBytes(file));
            Assert.False(image.Btf!.TryFindMember(name, "no_such_member", out _, out _));
            if (name != "cpuinfo_x86")
                Assert.Contains("more than 4096 members", Assert.Throws<MalformedImageException>(() => OpTable.Read(image, new KernelPlaces(image))).Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(".text", true, "more text than")]
    [InlineData(".return_sites", false, "more than any kernel's")]
    public void ASparseFileThatClaimsGigabytes(string section, bool code, string reason)
    {
        using var scratch = new Scratch();
        const long size = 3L << 30;
        var kernel = new CraftedKernel { OneSegment = false };
        kernel.Add(section, 16, code);
        kernel.AddSymbol("text", CraftedKernel.Base, 16);
        kernel.MoreSegments.Add((ElfSegment.Load, 0, 0, 0));
        byte[] file = kernel.Write();
        ulong start = (ulong)file.Length;
        int segment = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(32)), header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(40)) + 64;
        foreach ((int at, ulong value) in new[] { (segment + 8, start), (segment + 16, 0x1000ul), (segment + 32, (ulong)size), (segment + 40, (ulong)size), (header + 16, 0x1000ul), (header + 24, start), (header + 32, (ulong)size) })
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
        string path = scratch.Write("image", file);
        using (FileStream stream = File.OpenWrite(path)) stream.SetLength((long)start + size);
        Within(() =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var error = Assert.Throws<MalformedImageException>(() =>
            {
                using KernelImage image = KernelImage.Open(path);
                SiteTable.Read(image);
            });
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        });
    }

    [Fact]
    public void ACoreOfManyRangesThatAllHoldTheSameGigabytes()
    {
        using var scratch = new Scratch();
        const int ranges = 60_000;
        const ulong size = 64ul << 30;
        byte[] core = DumpBytes.Core(1, physical: true)[..64];
        Array.Resize(ref core, 64 + (ranges * 56));
        BinaryPrimitives.WriteUInt16LittleEndian(core.AsSpan(56), ranges);
        for (int i = 0; i < ranges; i++) DumpBytes.WriteRange(core, i, physical: true, (ulong)i * 0x1000, 0, size);
        string path = scratch.Write("core", core);
        using (FileStream stream = File.OpenWrite(path)) stream.SetLength((long)size);
        Within(() =>
        {
            using KernelImage image = KernelImage.Open(TestPaths.Mini);
            using MemoryDump dump = MemoryDump.Read(ByteSource.Open(path), null);
            Assert.Contains("is not in it", Assert.Throws<MalformedImageException>(() => KernelMemory.Locate(image, dump)).Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void OpsAtTheEndOfTheAddressSpace()
    {
        byte[] file = [.. MiniLayout.Bytes];
        using KernelImage original = KernelImage.Read(ByteSource.FromBytes([.. file]));
        for (int i = 0; i < original.Symbols.Count; i++)
        {
            if (original.Symbols.GetName(original.Symbols[i]) != "pv_ops") continue;
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(MiniLayout.SymbolTable + (i * 24) + 8), 0xfffffffffffff800);
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(MiniLayout.SymbolTable + (i * 24) + 16), 0x7ff);
        }

        Within(() =>
        {
            using KernelImage image = KernelImage.Read(ByteSource.FromBytes(file));
            using MemoryDump dump = MemoryDump.Read(ByteSource.FromBytes(DumpBytes.Raw()), new DumpAddress(Physical: true, DumpBytes.Physical));
            Assert.Equal(0ul, KernelMemory.Locate(image, dump).Slide);
        });
    }

    private static void ReadAll(byte[] file)
    {
        using KernelImage image = KernelImage.Read(ByteSource.FromBytes(file));
        _ = image.Elf.ReadBuildId();
        SiteTable sites = SiteTable.Read(image);
        var places = new KernelPlaces(image);
        OpTable ops = OpTable.Read(image, places);
        FeatureNames features = FeatureNames.Load(image.Era.FeatureNames);
        var catalog = new SiteCatalog(image, sites, ops, features);
        Plan plan = Plan.Make(image, sites, Target.Resolve(image, places, ops, features, BaselineProfile.Load()));
        _ = new PlanTotals(image, plan);
        ImageVerifier.Verify(image, sites);
        SiteDiff.Compare(image, catalog, sites, image, catalog, sites);
        var disassembler = new Disassembler(image.Symbols);
        foreach (Site site in sites.All.Take(1000)) disassembler.Lines(image.Memory.Slice(site.Address, (ulong)site.Length, "site"), site.Address);
    }

    private static void AddReturns(CraftedKernel kernel, ulong text, int count, Func<int, ulong> site)
    {
        (ulong table, byte[] records) = kernel.Add(".return_sites", count * 4);
        for (int i = 0; i < count; i++) WriteDistance(records, i * 4, table + ((ulong)i * 4), site(i));
        Assert.True(table > text);
    }

    private static void WriteDistance(byte[] records, int at, ulong from, ulong to) =>
        BinaryPrimitives.WriteInt32LittleEndian(records.AsSpan(at), (int)(to - from));

    private static void Within(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                failure = error;
            }
        })
        { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(Limit), $"it takes more than {Limit.TotalSeconds} s");
        Assert.True(failure is null, failure?.ToString());
    }
}
